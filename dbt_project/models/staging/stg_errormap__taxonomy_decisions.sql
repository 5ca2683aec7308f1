select
    decision_number,
    taxonomy,
    version,
    status,
    actor,
    reason,
    decided_at,
    run_id,
from {{ source('errormap', 'taxonomy_decisions') }}
