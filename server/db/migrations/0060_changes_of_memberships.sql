-- The end that somebody has been told of beforehand: a membership that was renewed has another.
alter table group_user_memberships add column end_told timestamptz;
create index group_user_memberships_by_end
  on group_user_memberships (valid_until) where not is_closed and valid_until is not null;

-- Memberships in groups that are not over, also where they are yet to begin: what may be changed, and lists that ask for it.

create view open_group_user_memberships as
  select * from group_user_memberships
  where not is_closed
    and (valid_until is null or valid_until > statement_timestamp());
create view open_group_identity_memberships as
  select * from group_identity_memberships
  where not is_closed
    and (valid_until is null or valid_until > statement_timestamp());
