LDADD_AGENT = libmibview.la $(LDADD)
check_PROGRAMS += %D%/check_agentx_frame %D%/check_mib_convert %D%/check_mib_notify %D%/check_mib_notify_map \
	%D%/check_mib_notify_pace %D%/check_mib_notify_ras %D%/check_mib_set %D%/check_mib_table %D%/check_views_history %D%/check_views_known \
	%D%/check_views_map %D%/check_views_map_cells %D%/check_views_peers %D%/check_views_rows \
	%D%/check_views_sessions
%C%_check_agentx_frame_LDADD = $(LDADD_AGENT)
%C%_check_mib_convert_LDADD = $(LDADD_AGENT)
%C%_check_mib_notify_LDADD = $(LDADD_AGENT)
%C%_check_mib_notify_map_LDADD = $(LDADD_AGENT)
%C%_check_mib_notify_pace_LDADD = $(LDADD_AGENT)
%C%_check_mib_notify_ras_LDADD = $(LDADD_AGENT)
%C%_check_mib_set_LDADD = $(LDADD_AGENT)
%C%_check_mib_table_LDADD = $(LDADD_AGENT)
%C%_check_views_history_LDADD = $(LDADD_AGENT)
%C%_check_views_known_LDADD = $(LDADD_AGENT)
%C%_check_views_map_LDADD = $(LDADD_AGENT)
%C%_check_views_map_cells_LDADD = $(LDADD_AGENT)
%C%_check_views_peers_LDADD = $(LDADD_AGENT)
%C%_check_views_rows_LDADD = $(LDADD_AGENT)
%C%_check_views_sessions_LDADD = $(LDADD_AGENT)
TESTS += %D%/check_columns.sh %D%/check_recipe.sh
EXTRA_DIST += %D%/check_columns.sh %D%/check_recipe.sh
