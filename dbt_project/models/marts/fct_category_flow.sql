select
    flow.taxonomy,
    flow.from_version,
    flow.to_version,
    flow.from_category_id,
    flow.to_category_id,
    coalesce(sources.path, flow.from_category_id) as from_category_path,
    coalesce(targets.path, flow.to_category_id) as to_category_path,
    flow.from_category_id = flow.to_category_id as is_same_category,
    flow.n_errors,
    flow.example_prediction_ids[1] as example_prediction_id,
from {{ ref('stg_errormap__taxonomy_row_flow') }} as flow
left join {{ ref('int_category_paths') }} as sources
    on flow.taxonomy = sources.taxonomy
    and flow.from_version = sources.version
    and flow.from_category_id = sources.category_id
left join {{ ref('int_category_paths') }} as targets
    on flow.taxonomy = targets.taxonomy
    and flow.to_version = targets.version
    and flow.to_category_id = targets.category_id
