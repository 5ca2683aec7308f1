with counted as (
    select
        predictions.dataset,
        predictions.model,
        predictions.n_predictions,
        predictions.n_examples,
        coalesce(outcomes.n_failures, 0) as n_failures,
        coalesce(outcomes.n_sampled, 0) as n_sampled,
        coalesce(outcomes.n_judged, 0) as n_judged,
        coalesce(outcomes.n_assigned, 0) as n_assigned,
        coalesce(outcomes.n_other, 0) as n_other,
        coalesce(outcomes.n_unassigned, 0) as n_unassigned,
        coalesce(outcomes.n_no_error_found, 0) as n_no_error_found,
        coalesce(outcomes.n_judge_failed, 0) as n_judge_failed,
        coalesce(outcomes.n_not_sampled, 0) as n_not_sampled,
        coalesce(outcomes.weight_no_error_found, 0) as weight_no_error_found,
        coalesce(outcomes.weight_judged, 0) as weight_judged,
        predictions.last_landed_at,
    from {{ ref('int_predictions_per_evaluation') }} as predictions
    left join {{ ref('int_outcomes_per_evaluation') }} as outcomes using (dataset, model)
)

select
    dataset,
    model,
    n_predictions,
    n_examples,
    n_failures,
    n_failures / n_predictions::double as failure_rate,
    n_sampled,
    n_judged,
    n_judged / nullif(n_sampled, 0)::double as judged_share,
    n_assigned,
    n_other,
    n_unassigned,
    n_assigned / nullif(n_assigned + n_other + n_unassigned, 0)::double as assigned_share,
    n_no_error_found,
    weight_no_error_found / nullif(weight_judged, 0) as no_error_share,
    n_judge_failed,
    n_judge_failed / nullif(n_judged, 0)::double as judge_failed_share,
    n_not_sampled,
    last_landed_at,
from counted
