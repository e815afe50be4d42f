check_PROGRAMS += %D%/check_conf %D%/check_service
