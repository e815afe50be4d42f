check_PROGRAMS += %D%/check_ipm_fast %D%/check_ipm_layout %D%/check_ipm_read %D%/check_ipm_segment %D%/check_ipm_store %D%/check_ipm_threads \
	%D%/check_ipm_traffic %D%/check_ipm_walk %D%/check_ipm_writer_file %D%/check_ipm_writer_ike %D%/check_ipm_writer_map \
	%D%/check_ipm_writer_old %D%/check_ipm_writer_recover %D%/check_ipm_writer_ring %D%/check_ipm_writer_sa %D%/check_ipm_writer_session %D%/check_ipm_writer_tunnel \
	%D%/check_ipm_writer_valid
%C%_check_ipm_threads_LDADD = $(LDADD) -lpthread
check_DATA += doc/example_dataplane # check_ipm_fast runs it
