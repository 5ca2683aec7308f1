select
    prediction_id,
    dataset,
    model,
    outcome,
    reason,
    sampling_weight,
    taxonomy,
    version,
    category_id,
from {{ source('errormap', 'failure_ledger') }}
