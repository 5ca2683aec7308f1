select
    crosswalk.taxonomy,
    crosswalk.version,
    crosswalk.category_id,
    own.path,
    own.depth,
    crosswalk.relation,
    atlas.name as atlas_category_name,
    crosswalk.confidence,
    crosswalk.n_errors,
    crosswalk.n_shared,
    crosswalk.n_atlas,
    crosswalk.is_agreed,
    crosswalk.reason,
from {{ ref('stg_errormap__taxonomy_crosswalk') }} as crosswalk
inner join {{ ref('dim_categories') }} as own
    on
        crosswalk.taxonomy = own.taxonomy
        and crosswalk.version = own.version
        and crosswalk.category_id = own.category_id
left join {{ ref('dim_categories') }} as atlas
    on
        atlas.taxonomy = 'atlas'
        and crosswalk.atlas_version = atlas.version
        and crosswalk.atlas_category_id = atlas.category_id
