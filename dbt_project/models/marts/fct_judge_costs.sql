select
    run_id,
    stage,
    judge,
    status,
    count(*)::bigint as n_calls,
    sum(attempts - 1)::bigint as n_retries,
    sum(prompt_tokens)::bigint as prompt_tokens,
    sum(cached_prompt_tokens)::bigint as cached_prompt_tokens,
    sum(completion_tokens)::bigint as completion_tokens,
    case when count(cost_usd) = count(*) then sum(cost_usd) end as cost_usd,
    sum(seconds) as seconds,
    min(called_at) as first_called_at,
from {{ ref('stg_errormap__judge_calls') }}
group by run_id, stage, judge, status
