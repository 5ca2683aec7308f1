select
    taxonomy,
    version,
    category_id,
    repetition,
    n_errors,
    matched_name,
    n_matched,
    n_shared,
    jaccard,
    adjusted_rand,
from {{ source('errormap', 'taxonomy_stability') }}
