INSERT INTO users_user (id, email, name, age, password, is_active, is_staff, is_superuser)
SELECT target_id, n_email, n_name, n_age, {no_password}, n_is_active, FALSE, FALSE
FROM {plan_person} WHERE outcome = 'create' ORDER BY line
