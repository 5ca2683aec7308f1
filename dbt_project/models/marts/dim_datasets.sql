with examples as (
    select dataset, count(distinct example_id) as n_examples,
    from {{ ref('stg_errormap__raw_predictions') }}
    semi join {{ ref('int_complete_evaluations') }} using (dataset, model)
    group by dataset
)

select
    predictions.dataset,
    count(predictions.model)::bigint as n_models,
    max(examples.n_examples)::bigint as n_examples,
    sum(predictions.n_predictions)::bigint as n_predictions,
    coalesce(sum(outcomes.n_failures), 0)::bigint as n_failures,
    coalesce(sum(outcomes.n_failures), 0) / sum(predictions.n_predictions)::double as failure_rate,
    sum(predictions.n_with_correct_answer) / sum(predictions.n_predictions)::double
        as reference_share,
    max(predictions.max_trial) > 1 as has_trials,
    min(predictions.metric) as metric,
    min(outcomes.threshold) as threshold,
    bool_and(outcomes.higher_is_better) as higher_is_better,
    max(predictions.last_landed_at) as last_landed_at,
from {{ ref('int_predictions_per_evaluation') }} as predictions
inner join examples using (dataset)
left join {{ ref('int_outcomes_per_evaluation') }} as outcomes using (dataset, model)
group by predictions.dataset
