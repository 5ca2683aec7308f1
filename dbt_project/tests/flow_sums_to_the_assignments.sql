{{ config(meta={'dagster': {'ref': {'name': 'fct_category_flow'}}}) }}

-- Every assignment under a version with a parent is in the flow once; versions where it is not.
with assigned as (
    select taxonomy, version as to_version, count(*) as n_assigned,
    from {{ ref('stg_errormap__category_assignments') }}
    group by taxonomy, version
),

flowed as (
    select
        taxonomy,
        to_version,
        coalesce(sum(n_errors) filter (where to_category_id <> 'absent'), 0) as n_flowed,
    from {{ ref('fct_category_flow') }}
    group by taxonomy, to_version
)

select taxonomy, to_version, n_assigned, n_flowed,
from flowed
inner join assigned using (taxonomy, to_version)
where n_assigned <> n_flowed
