-- A signature is whole at every depth; signatures that are not.
select
    taxonomy,
    version,
    model,
    dataset,
    depth,
    sum(error_share) as sum_of_shares,
from {{ ref('fct_category_shares') }}
group by taxonomy, version, model, dataset, depth
having abs(sum(error_share) - 1) > 1e-9
