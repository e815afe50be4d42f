check_PROGRAMS += %D%/check_algo_names %D%/check_conf %D%/check_index_state %D%/check_service %D%/check_users %D%/check_words
