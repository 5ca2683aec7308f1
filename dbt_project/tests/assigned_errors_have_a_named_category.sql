-- A category that the taxonomy does not hold has no name; so has an outcome without a category.
select prediction_id, outcome, category_id, category_name,
from {{ ref('fct_errors') }}
where (outcome = 'assigned') is distinct from (category_name is not null)
