select
    prediction_id,
    dataset,
    model,
    outcome,
    error_title,
    error_summary,
    criteria,
    n_correct_outputs,
    judge,
    prompt_version,
    prompt_hash,
    call_id,
from {{ source('errormap', 'judged_errors') }}
