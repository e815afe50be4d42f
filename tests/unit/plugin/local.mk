check_PROGRAMS += %D%/check_plugin
%C%_check_plugin_LDADD = libplugin.la $(LDADD)
