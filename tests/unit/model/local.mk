check_PROGRAMS += %D%/check_fast %D%/check_map %D%/check_model %D%/check_model_file %D%/check_model_threads \
	%D%/check_model_valid %D%/check_walk
%C%_check_model_threads_LDADD = $(LDADD) -lpthread
check_DATA += doc/example_dataplane # check_fast runs it
EXTRA_DIST += %D%/ipm_torture.h
