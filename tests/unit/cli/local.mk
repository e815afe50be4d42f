LDADD_CLI = libcli.la $(LDADD)
check_PROGRAMS += %D%/check_cmd_clear %D%/check_cmd_connections %D%/check_cmd_dropped %D%/check_cmd_export %D%/check_cmd_feeds \
	%D%/check_cmd_ipsec %D%/check_cmd_isakmp %D%/check_cmd_map %D%/check_cmd_notifications %D%/check_cmd_session \
	%D%/check_cmd_sessions %D%/check_cmd_table \
	%D%/check_complete %D%/check_doctor %D%/check_json %D%/check_out_text %D%/check_segments
%C%_check_cmd_clear_LDADD = $(LDADD_CLI)
%C%_check_cmd_connections_LDADD = $(LDADD_CLI)
%C%_check_cmd_dropped_LDADD = $(LDADD_CLI)
%C%_check_cmd_export_LDADD = $(LDADD_CLI)
%C%_check_cmd_feeds_LDADD = $(LDADD_CLI)
%C%_check_cmd_ipsec_LDADD = $(LDADD_CLI)
%C%_check_cmd_isakmp_LDADD = $(LDADD_CLI)
%C%_check_cmd_map_LDADD = $(LDADD_CLI)
%C%_check_cmd_notifications_LDADD = $(LDADD_CLI)
%C%_check_cmd_session_LDADD = $(LDADD_CLI)
%C%_check_cmd_sessions_LDADD = $(LDADD_CLI)
%C%_check_cmd_table_LDADD = $(LDADD_CLI)
%C%_check_complete_LDADD = $(LDADD_CLI)
%C%_check_doctor_LDADD = $(LDADD_CLI)
%C%_check_json_LDADD = $(LDADD_CLI)
%C%_check_out_text_LDADD = $(LDADD_CLI)
%C%_check_segments_LDADD = $(LDADD_CLI)
