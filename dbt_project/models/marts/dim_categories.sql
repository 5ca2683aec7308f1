select
    categories.taxonomy,
    categories.version,
    categories.category_id,
    categories.parent_category_id,
    categories.depth,
    categories.name,
    paths.path,
    paths.top_category_id,
    paths.top_category_name,
    categories.description,
    categories.example,
    categories.counter_example,
    categories.priority,
    categories.origin,
    versions.status as version_status,
    quality.jaccard,
    quality.is_unstable,
from {{ ref('stg_errormap__taxonomy_categories') }} as categories
inner join {{ ref('int_category_paths') }} as paths
    using (taxonomy, version, category_id)
inner join {{ ref('stg_errormap__taxonomy_versions') }} as versions
    using (taxonomy, version)
left join {{ ref('stg_errormap__taxonomy_category_quality') }} as quality
    using (taxonomy, version, category_id)
