with reported as (
    select distinct taxonomy, version,
    from {{ ref('stg_errormap__failure_ledger') }}
)

select
    shares.model,
    shares.dataset,
    shares.category_id,
    shares.category_name,
    row_number() over (
        partition by shares.model, shares.dataset
        order by shares.error_share desc, shares.category_name, shares.category_id
    ) as rank,
    shares.n_errors,
    shares.error_share,
    shares.error_share_low,
    shares.error_share_high,
    shares.n_judged,
    shares.n_failures,
    shares.failure_rate,
    shares.error_rate,
    shares.is_too_few,
    shares.scope,
    shares.is_macro,
    shares.taxonomy,
    shares.version,
    quality.is_unstable,
from {{ ref('fct_category_shares') }} as shares
inner join reported using (taxonomy, version)
left join {{ ref('stg_errormap__taxonomy_category_quality') }} as quality
    using (taxonomy, version, category_id)
where shares.depth = 1
order by shares.model, shares.dataset, rank
