-- Only 'other' and 'unassigned' may stand where a category is missing.
select taxonomy, version, category_id,
from {{ ref('fct_category_shares') }}
where is_category = (category_id in ('other', 'unassigned'))
