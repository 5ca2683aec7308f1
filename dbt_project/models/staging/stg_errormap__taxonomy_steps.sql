select
    taxonomy,
    version,
    step,
    operation,
    parent_category_id,
    n_titles,
    n_errors,
    n_categories,
    is_changed,
    categories,
    reason,
    call_id,
from {{ source('errormap', 'taxonomy_steps') }}
