-- What 0019 says of places without gaps does not hold: they are kept as they were asked for.

comment on column environments.position is 'Where it stands among the others, from 1; gaps are allowed.';
