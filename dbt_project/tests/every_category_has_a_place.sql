{{ config(meta={'dagster': {'ref': {'name': 'dim_categories'}}}) }}

-- Categories whose version or branch is missing would fall out of the joins; those that did.
select categories.taxonomy, categories.version, categories.category_id,
from {{ ref('stg_errormap__taxonomy_categories') }} as categories
anti join {{ ref('dim_categories') }} as placed
    using (taxonomy, version, category_id)
