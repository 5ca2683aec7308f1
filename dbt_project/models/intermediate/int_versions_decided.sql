-- The latest decision about each version; the status follows from it.
with latest as (
    select
        taxonomy,
        version,
        status,
        actor,
        reason,
        -- A time of UTC without a zone, as dbt writes the ends of its history.
        decided_at at time zone 'UTC' as status_since_at,
    from {{ ref('stg_errormap__taxonomy_decisions') }}
    qualify row_number() over (partition by taxonomy, version order by decision_number desc) = 1
)

select
    latest.taxonomy,
    latest.version,
    latest.status,
    latest.actor,
    latest.reason,
    latest.status_since_at,
    versions.parent_version,
    versions.n_categories,
    versions.content_hash,
from latest
inner join {{ ref('stg_errormap__taxonomy_versions') }} as versions
    using (taxonomy, version)
