select
    signatures.taxonomy,
    signatures.version,
    signatures.model,
    signatures.dataset,
    signatures.depth,
    signatures.category_id,
    coalesce(categories.name, signatures.category_id) as category_name,
    coalesce(categories.path, signatures.category_id) as category_path,
    categories.category_id is not null as is_category,
    signatures.n_failures,
    signatures.n_judged,
    signatures.n_errors,
    signatures.error_share,
    signatures.error_share_low,
    signatures.error_share_high,
    signatures.failure_rate,
    signatures.error_rate,
    signatures.n_effective,
    signatures.is_too_few,
    signatures.scope,
    signatures.is_macro,
from {{ ref('stg_errormap__signatures') }} as signatures
left join {{ ref('dim_categories') }} as categories
    on signatures.taxonomy = categories.taxonomy
    and signatures.version = categories.version
    and signatures.category_id = categories.category_id
