select
    taxonomy,
    version,
    change_id,
    change_type,
    from_category_ids,
    to_category_ids,
    reason,
    actor,
from {{ source('errormap', 'taxonomy_changes') }}
