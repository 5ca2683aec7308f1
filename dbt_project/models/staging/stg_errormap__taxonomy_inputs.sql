select
    taxonomy,
    version,
    prediction_id,
    is_held_out,
from {{ source('errormap', 'taxonomy_inputs') }}
