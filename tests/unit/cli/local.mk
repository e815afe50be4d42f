LDADD_CLI = libcli.la $(LDADD)
check_PROGRAMS += %D%/check_cli %D%/check_cmd_export %D%/check_cmd_ipsec %D%/check_cmd_map %D%/check_complete %D%/check_doctor \
	%D%/check_json %D%/check_show_text
%C%_check_cli_LDADD = $(LDADD_CLI)
%C%_check_cmd_export_LDADD = $(LDADD_CLI)
%C%_check_cmd_ipsec_LDADD = $(LDADD_CLI)
%C%_check_cmd_map_LDADD = $(LDADD_CLI)
%C%_check_complete_LDADD = $(LDADD_CLI)
%C%_check_doctor_LDADD = $(LDADD_CLI)
%C%_check_json_LDADD = $(LDADD_CLI)
%C%_check_show_text_LDADD = $(LDADD_CLI)
