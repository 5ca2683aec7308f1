select
    comparisons.model_a,
    comparisons.model_b,
    comparisons.dataset,
    comparisons.category_id,
    coalesce(categories.name, comparisons.category_id) as category_name,
    comparisons.n_pairs,
    comparisons.n_a,
    comparisons.n_b,
    comparisons.n_fixed,
    comparisons.n_broken,
    comparisons.n_moved_out,
    comparisons.n_moved_in,
    comparisons.n_unchanged,
    comparisons.rate_a,
    comparisons.rate_b,
    comparisons.rate_difference,
    comparisons.rate_difference_low,
    comparisons.rate_difference_high,
    comparisons.detectable_difference,
    comparisons.p_value,
    comparisons.q_value,
    comparisons.is_significant,
    comparisons.taxonomy,
    comparisons.version,
from {{ ref('stg_errormap__model_comparisons') }} as comparisons
left join {{ ref('dim_categories') }} as categories
    on comparisons.taxonomy = categories.taxonomy
    and comparisons.version = categories.version
    and comparisons.category_id = categories.category_id
