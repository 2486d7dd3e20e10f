-- Lists of members are read from their index alone, so that skipping a page costs little: what tells whether a
-- membership is active stands in it.

create index organization_user_memberships_in_list_order
  on organization_user_memberships (org_id, sort_key, username, id) include (valid_from, valid_until)
  where not is_closed;
drop index organization_user_memberships_in_order;
