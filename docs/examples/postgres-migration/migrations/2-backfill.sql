-- The next rows by id. What is written meanwhile is kept in step by the application that knows both shapes.
with batch as (
  select id from customers where id > coalesce(nullif(:'checkpoint', ''), '0')::bigint order by id limit 10000
), done as (
  update customers set first_name = split_part(full_name, ' ', 1), last_name = split_part(full_name, ' ', 2)
  where id in (select id from batch) returning id
)
select max(id) as checkpoint from done
