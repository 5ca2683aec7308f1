{{ config(meta={'dagster': {'ref': {'name': 'fct_errors'}}}) }}

-- Every failure with an outcome stands in the mart once; evaluations that differ.
with failures as (
    select dataset, model, count(*) as n_failures,
    from {{ ref('stg_errormap__failures') }}
    semi join {{ ref('int_complete_evaluations') }} using (dataset, model)
    group by dataset, model
),

errors as (
    select dataset, model, count(*) as n_errors,
    from {{ ref('fct_errors') }}
    where outcome is not null
    group by dataset, model
)

select dataset, model, n_failures, n_errors,
from failures
full join errors using (dataset, model)
where n_failures is distinct from n_errors
