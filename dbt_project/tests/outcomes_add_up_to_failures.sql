-- The ledger's identity per evaluation; evaluations that break it.
select dataset, model, n_failures,
from {{ ref('rpt_dataset_health') }}
where
    n_failures
    <> n_assigned + n_other + n_unassigned + n_no_error_found + n_judge_failed + n_not_sampled
