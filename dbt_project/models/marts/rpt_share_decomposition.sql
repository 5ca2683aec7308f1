select
    history.refresh,
    history.refreshed_at,
    history.taxonomy,
    history.previous_version,
    history.version,
    history.model,
    history.dataset,
    history.depth,
    history.category_id,
    coalesce(now_paths.path, before_paths.path, history.category_id) as category_path,
    history.previous_error_share,
    history.error_share,
    history.error_share - history.previous_error_share as error_share_change,
    history.new_failures_change,
    history.recategorised_change,
from {{ ref('stg_errormap__signature_history') }} as history
left join {{ ref('int_category_paths') }} as now_paths
    on history.taxonomy = now_paths.taxonomy
    and history.version = now_paths.version
    and history.category_id = now_paths.category_id
left join {{ ref('int_category_paths') }} as before_paths
    on history.taxonomy = before_paths.taxonomy
    and history.previous_version = before_paths.version
    and history.category_id = before_paths.category_id
where history.previous_error_share is not null
