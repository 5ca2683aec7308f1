select
    profiles.dataset,
    profiles.category_id,
    coalesce(categories.name, profiles.category_id) as category_name,
    profiles.n_models,
    profiles.n_errors,
    profiles.error_share,
    profiles.error_share_low,
    profiles.error_share_high,
    profiles.error_rate,
    profiles.model_spread,
    profiles.is_skill,
    profiles.off_skill_share,
    profiles.off_skill_share_low,
    profiles.off_skill_share_high,
    profiles.taxonomy,
    profiles.version,
from {{ ref('stg_errormap__benchmark_profiles') }} as profiles
left join {{ ref('dim_categories') }} as categories
    on profiles.taxonomy = categories.taxonomy
    and profiles.version = categories.version
    and profiles.category_id = categories.category_id
