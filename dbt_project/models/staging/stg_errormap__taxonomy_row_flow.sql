select
    taxonomy,
    from_version,
    to_version,
    from_category_id,
    to_category_id,
    n_errors,
    example_prediction_ids,
from {{ source('errormap', 'taxonomy_row_flow') }}
