alter table customers drop column if exists first_name, drop column if exists last_name;
select null as checkpoint;
