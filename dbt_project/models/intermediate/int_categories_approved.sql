select
    categories.taxonomy,
    categories.category_id,
    categories.version,
    paths.path,
    categories.parent_category_id,
    categories.description,
    categories.example,
    categories.counter_example,
    categories.rule,
    categories.listed_prediction_ids,
    versions.status_since_at as in_force_since_at,
from {{ ref('stg_errormap__taxonomy_categories') }} as categories
inner join {{ ref('int_category_paths') }} as paths
    using (taxonomy, version, category_id)
inner join {{ ref('int_versions_decided') }} as versions
    using (taxonomy, version)
where versions.status = 'approved'
