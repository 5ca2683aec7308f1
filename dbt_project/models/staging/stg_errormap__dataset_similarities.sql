select
    taxonomy,
    version,
    dataset_a,
    dataset_b,
    distance,
    n_errors,
from {{ source('errormap', 'dataset_similarities') }}
