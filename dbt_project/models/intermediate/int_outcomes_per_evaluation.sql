with failures as (
    select
        dataset,
        model,
        count(prediction_id) as n_failures,
        count(prediction_id) filter (where is_sampled) as n_sampled,
        min(threshold) as threshold,
        bool_and(higher_is_better) as higher_is_better,
    from {{ ref('stg_errormap__failures') }}
    semi join {{ ref('int_complete_evaluations') }} using (dataset, model)
    group by dataset, model
),

judged as (
    select dataset, model, count(prediction_id) as n_judged,
    from {{ ref('stg_errormap__judged_errors') }}
    group by dataset, model
),

ledger as (
    select
        dataset,
        model,
        count(prediction_id) filter (where outcome = 'assigned') as n_assigned,
        count(prediction_id) filter (where outcome = 'other') as n_other,
        count(prediction_id) filter (where outcome = 'unassigned') as n_unassigned,
        count(prediction_id) filter (where outcome = 'no_error_found') as n_no_error_found,
        count(prediction_id) filter (where outcome = 'judge_failed') as n_judge_failed,
        count(prediction_id) filter (where outcome = 'not_sampled') as n_not_sampled,
        coalesce(sum(sampling_weight) filter (where outcome = 'no_error_found'), 0)
            as weight_no_error_found,
        coalesce(sum(sampling_weight) filter (where outcome <> 'not_sampled'), 0)
            as weight_judged,
    from {{ ref('stg_errormap__failure_ledger') }}
    group by dataset, model
)

select
    failures.*,
    coalesce(judged.n_judged, 0) as n_judged,
    coalesce(ledger.n_assigned, 0) as n_assigned,
    coalesce(ledger.n_other, 0) as n_other,
    coalesce(ledger.n_unassigned, 0) as n_unassigned,
    coalesce(ledger.n_no_error_found, 0) as n_no_error_found,
    coalesce(ledger.n_judge_failed, 0) as n_judge_failed,
    coalesce(ledger.n_not_sampled, 0) as n_not_sampled,
    coalesce(ledger.weight_no_error_found, 0) as weight_no_error_found,
    coalesce(ledger.weight_judged, 0) as weight_judged,
from failures
left join judged using (dataset, model)
left join ledger using (dataset, model)
