-- Adds the new shape beside the old one: whoever knows only full_name goes on.
alter table customers add column if not exists first_name text, add column if not exists last_name text;
select null as checkpoint;
