with sources as (
    select
        changes.taxonomy,
        changes.version,
        changes.change_id,
        string_agg(paths.path, '; ' order by paths.path) as from_categories,
    from {{ ref('stg_errormap__taxonomy_changes') }} as changes
    inner join {{ ref('stg_errormap__taxonomy_versions') }} as versions
        using (taxonomy, version)
    inner join {{ ref('int_category_paths') }} as paths
        on changes.taxonomy = paths.taxonomy
        and versions.parent_version = paths.version
        and list_contains(changes.from_category_ids, paths.category_id)
    group by changes.taxonomy, changes.version, changes.change_id
),

targets as (
    select
        changes.taxonomy,
        changes.version,
        changes.change_id,
        string_agg(paths.path, '; ' order by paths.path) as to_categories,
    from {{ ref('stg_errormap__taxonomy_changes') }} as changes
    inner join {{ ref('int_category_paths') }} as paths
        on changes.taxonomy = paths.taxonomy
        and changes.version = paths.version
        and list_contains(changes.to_category_ids, paths.category_id)
    group by changes.taxonomy, changes.version, changes.change_id
)

select
    changes.taxonomy,
    changes.version,
    changes.change_id,
    versions.parent_version,
    versions.status as version_status,
    changes.change_type,
    sources.from_categories,
    targets.to_categories,
    changes.n_errors,
    changes.n_errors_followed,
    changes.agreement,
    changes.agreement_detail,
    changes.reason,
    changes.actor,
    versions.created_at,
from {{ ref('stg_errormap__taxonomy_changes') }} as changes
inner join {{ ref('stg_errormap__taxonomy_versions') }} as versions
    using (taxonomy, version)
left join sources using (taxonomy, version, change_id)
left join targets using (taxonomy, version, change_id)
