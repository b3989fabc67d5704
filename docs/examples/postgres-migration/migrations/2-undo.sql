with batch as (
  select id from customers where id > coalesce(nullif(:'checkpoint', ''), '0')::bigint order by id limit 10000
), done as (
  update customers set first_name = null, last_name = null where id in (select id from batch) returning id
)
select max(id) as checkpoint from done
