-- Nobody reads full_name any more.
alter table customers drop column if exists full_name;
select null as checkpoint;
