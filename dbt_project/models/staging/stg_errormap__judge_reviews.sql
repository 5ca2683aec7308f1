select
    kind,
    reviewer,
    taxonomy,
    version,
    prediction_id,
    answer,
    error_title,
    note,
    reviewed_at,
    call_id,
from {{ source('errormap', 'judge_reviews') }}
