-- The two parts of a share's change are the change; rows where they are not.
select refresh, taxonomy, model, dataset, depth, category_id,
from {{ ref('rpt_share_decomposition') }}
where abs(error_share_change - new_failures_change - recategorised_change) > 1e-9
