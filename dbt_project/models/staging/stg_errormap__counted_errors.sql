select
    prediction_id,
    dataset,
    model,
    taxonomy,
    version,
    category_id,
    status,
    sampling_weight,
from {{ source('errormap', 'counted_errors') }}
