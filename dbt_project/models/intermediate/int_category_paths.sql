with recursive paths as (
    select
        taxonomy,
        version,
        category_id,
        name as path,
        category_id as top_category_id,
        name as top_category_name,
    from {{ ref('stg_errormap__taxonomy_categories') }}
    where parent_category_id is null

    union all

    select
        child.taxonomy,
        child.version,
        child.category_id,
        paths.path || ' > ' || child.name as path,
        paths.top_category_id,
        paths.top_category_name,
    from {{ ref('stg_errormap__taxonomy_categories') }} as child
    inner join paths
        on child.taxonomy = paths.taxonomy
        and child.version = paths.version
        and child.parent_category_id = paths.category_id
)

select * from paths
