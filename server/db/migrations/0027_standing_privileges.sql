-- Privileges that are neither ended nor those of somebody who has left the project since: what lists of them show, also
-- where their time is over or yet to come. Each with the membership of the project by which it stands, an own one first.

create view standing_project_user_privileges as
select p.*, place.project_membership_id
from open_project_user_privileges p
cross join lateral (
  select source.project_membership_id
  from (
    select 1 as rank, m.id as project_membership_id
    from active_project_user_memberships m
    where m.org_id = p.org_id and m.project_id = p.project_id and m.membership_id = p.membership_id
      and m.valid_from <= p.given_at
    union all
    select 2, pg.id
    from active_group_user_memberships gm
    join active_project_group_memberships pg on pg.org_id = gm.org_id and pg.group_id = gm.group_id
    where gm.org_id = p.org_id and gm.membership_id = p.membership_id and pg.project_id = p.project_id
      and greatest(gm.valid_from, pg.valid_from) <= p.given_at
  ) source
  order by source.rank, source.project_membership_id
  limit 1
) place;

create view standing_project_identity_privileges as
select p.*, place.project_membership_id
from open_project_identity_privileges p
cross join lateral (
  select source.project_membership_id
  from (
    select 1 as rank, m.id as project_membership_id
    from active_project_identity_memberships m
    where m.org_id = p.org_id and m.project_id = p.project_id and m.membership_id = p.membership_id
      and m.valid_from <= p.given_at
    union all
    select 2, pg.id
    from active_group_identity_memberships gm
    join active_project_group_memberships pg on pg.org_id = gm.org_id and pg.group_id = gm.group_id
    where gm.org_id = p.org_id and gm.membership_id = p.membership_id and pg.project_id = p.project_id
      and greatest(gm.valid_from, pg.valid_from) <= p.given_at
  ) source
  order by source.rank, source.project_membership_id
  limit 1
) place;
