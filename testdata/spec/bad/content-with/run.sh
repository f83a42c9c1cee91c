echo ${db} ${unusd} ${HOME}
