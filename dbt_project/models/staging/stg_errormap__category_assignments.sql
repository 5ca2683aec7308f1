select
    prediction_id,
    dataset,
    model,
    taxonomy,
    version,
    category_id,
    category_path,
    confidence,
    runner_up_category_id,
    status,
    reason,
from {{ source('errormap', 'category_assignments') }}
